// Short confirmations that disappear by themselves.

import { Toast } from '@base-ui/react/toast';
import type { ReactNode } from 'react';

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider timeout={5000}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="toasts">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function ToastList() {
  const { toasts } = Toast.useToastManager();
  return toasts.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className="toast">
      <Toast.Title />
    </Toast.Root>
  ));
}

/** Shows a sentence. */
export function useToast(): (sentence: string) => void {
  const { add } = Toast.useToastManager();
  return (sentence) => void add({ title: sentence });
}
