// Asks before something that cannot be undone.

import { Dialog } from '@base-ui/react/dialog';
import type { ReactNode } from 'react';
import type { Problem } from '../../api/actions';
import { Form } from '../../ui/Form';
import { Modal } from '../../ui/Modal';

interface ConfirmationProps {
  title: string;
  submit: string;
  children: ReactNode;
  onConfirm: () => Promise<readonly Problem[]>;
  onClose: () => void;
}

export function Confirmation({ title, submit, children, onConfirm, onClose }: ConfirmationProps) {
  return (
    <Modal title={title} onClose={onClose}>
      <Dialog.Description>{children}</Dialog.Description>
      <Form submit={submit} variant="danger" onSubmit={onConfirm} onCancel={onClose} />
    </Modal>
  );
}
