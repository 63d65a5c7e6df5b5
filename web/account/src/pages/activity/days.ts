// Events by the day on which they happened, in the time zone of the browser.

interface Dated {
  createdAt: string;
}

interface Day<Event> {
  /** The time of one of its events. */
  time: string;
  events: Event[];
}

/** The days of events that are in order of time. */
export function byDay<Event extends Dated>(events: readonly Event[]): Day<Event>[] {
  const days: Day<Event>[] = [];
  for (const event of events) {
    const day = days.at(-1);
    if (day && isSameDay(new Date(day.time), new Date(event.createdAt))) day.events.push(event);
    else days.push({ time: event.createdAt, events: [event] });
  }
  return days;
}

/** 0 for today, 1 for yesterday. */
export function isDaysAgo(time: string, days: number): boolean {
  const day = new Date();
  day.setDate(day.getDate() - days);
  return isSameDay(day, new Date(time));
}

function isSameDay(one: Date, other: Date): boolean {
  return one.toDateString() === other.toDateString();
}
