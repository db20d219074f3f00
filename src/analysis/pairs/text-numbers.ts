/** Numbers for texts: 0 for the first one that is asked for, 1 for the next other one. */
export class TextNumbers {
  readonly #known = new Map<string, number>();

  /** The number of a text. */
  of(text: string): number {
    let number = this.#known.get(text);
    if (number === undefined) {
      number = this.#known.size;
      this.#known.set(text, number);
    }
    return number;
  }
}
