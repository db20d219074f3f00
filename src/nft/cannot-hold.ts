/** A view, or a wiring, of which no ruleset can be made, with the reason for people: trying it again is of no use. */
export class CannotHold extends Error {}
