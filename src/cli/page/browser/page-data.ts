/** What the page of a matrix shows, small enough for hundreds of thousands of cells. All texts are fit for people already. */
export type PageData = {
  readonly title: string;
  readonly note: string;
  readonly ends: readonly PageEnd[];
  /** Each text of traffic once. */
  readonly words: readonly string[];
  /** Six numbers a cell: sender, receiver, family (4 or 6), and the words, from 1, of every, some and perhaps; 0 for none. */
  readonly cells: readonly number[];
  /** Absent where the page is of the matrix alone. */
  readonly openings: readonly PageOpening[];
};

export type PageEnd = {
  readonly name: string;
  readonly id: string;
  readonly note: string;
  readonly isOutside: boolean;
};

export type PageOpening = {
  readonly family: 4 | 6;
  readonly isCertain: boolean;
  readonly traffic: string;
  readonly from: string;
  readonly by: string;
  readonly interfaces: readonly string[];
  readonly rules: readonly string[];
  readonly unknowns: readonly string[];
};
