import type { World } from '../../core/model/world.ts';
import { Lab } from './lab.ts';
import { registerOf, removeRegister, writeRegister } from './register.ts';

/** What a follower has to say: to a log or to a terminal. */
export type LabReport = {
  readonly built: (of: { readonly instances: number; readonly milliseconds: number }) => void;
  readonly failed: (message: string) => void;
  readonly warned: (message: string) => void;
  readonly repaired: (vpcId: string, lines: number) => void;
};

/** How often the kernel is compared with what it should hold, in milliseconds. */
const VERIFY_MS = 30_000;

/** A lab that goes after a world that changes: builds the newest, one at a time, and looks after the kernel in between. */
export class LabFollower {
  readonly #lab = new Lab();
  readonly #worldOf: () => World;
  readonly #report: LabReport;
  readonly #warned: Set<string> = new Set();
  #isDirty = false;
  #running: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(worldOf: () => World, report: LabReport) {
    this.#worldOf = worldOf;
    this.#report = report;
  }

  /** Removes what an earlier lab left, builds the world, and resolves when it stands or cannot. */
  async start(): Promise<void> {
    const cleaned = await Lab.clean();
    if (!cleaned.ok) this.#report.failed(cleaned.error);
    this.#timer = setInterval(() => void this.#verify(), VERIFY_MS);
    this.#timer.unref();
    this.changed();
    await this.#running;
  }

  /** The world changed. */
  changed(): void {
    this.#isDirty = true;
    this.#running ??= this.#run();
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.#running;
    const closed = await this.#lab.close();
    if (!closed.ok) this.#report.failed(closed.error);
    removeRegister();
  }

  async #run(): Promise<void> {
    while (this.#isDirty) {
      this.#isDirty = false;
      const world = this.#worldOf();
      const built = await this.#lab.build(world);
      if (!built.ok) {
        this.#report.failed(built.error);
        continue;
      }
      const { instances, milliseconds, warnings } = built.value;
      if (this.#lab.plan !== undefined) writeRegister(registerOf(world, this.#lab.plan));
      for (const warning of warnings) if (!this.#warned.has(warning)) this.#report.warned(warning);
      for (const warning of warnings) this.#warned.add(warning);
      this.#report.built({ instances: instances.size, milliseconds });
    }
    this.#running = undefined;
  }

  async #verify(): Promise<void> {
    const drifts = await this.#lab.verify();
    if (!drifts.ok) {
      this.#report.failed(drifts.error);
      return;
    }
    for (const [vpcId, { commands }] of drifts.value)
      if (commands.length > 0) this.#report.repaired(vpcId, commands.length);
  }
}
