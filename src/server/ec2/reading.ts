/** Whether an action only reads: AWS names them so. */
export function isReading(action: string): boolean {
  return /^(?:Describe|Get)/.test(action);
}
