// A label for a state.

interface BadgeProps {
  good: boolean;
  children: string;
}

export function Badge({ good, children }: BadgeProps) {
  return <span className={good ? 'badge good' : 'badge warm'}>{children}</span>;
}
