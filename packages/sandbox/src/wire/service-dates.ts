/** The date formats of the service; all three occur, but which field uses which is unknown. */
export type DateSpelling = 'lisbon' | 'offset' | 'iso';
/** `mixed`: operations and the company in Lisbon time without a zone, documents with `+0000`. */
export type DateMode = DateSpelling | 'mixed';

const lisbon = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Lisbon',
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  fractionalSecondDigits: 3,
});

export interface ServiceDates {
  /** A date of an operation, of its company or of a queue. */
  ofOperation(date: Date): string;
  ofDocument(date: Date): string;
}

export function serviceDates(mode: DateMode): ServiceDates {
  return {
    ofOperation: (date) => spell(date, mode === 'mixed' ? 'lisbon' : mode),
    ofDocument: (date) => spell(date, mode === 'mixed' ? 'offset' : mode),
  };
}

function spell(date: Date, spelling: DateSpelling): string {
  switch (spelling) {
    case 'lisbon':
      return lisbon.format(date).replace(',', '.');
    case 'offset':
      return date.toISOString().replace('Z', '+0000');
    case 'iso':
      return date.toISOString();
  }
}
