import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Compact, mergePatch } from '../compact.ts';
import type { PacketQuestion } from './packet-question.ts';

/** One conformance case with the file that it stands in and its world: patched, and before the patch (empty where there is none). */
export type Case = {
  readonly file: string;
  readonly name: string;
  readonly kind: string;
  readonly compact: Compact;
  readonly base: Compact;
  readonly data: CaseData;
};

/** The fields of a case that runners read; cases/schema.json says which kind has which. */
export type CaseData = {
  readonly name: string;
  readonly kind: string;
  readonly title: string;
  readonly world?: string | Compact;
  readonly patch?: unknown;
  readonly packet?: PacketQuestion;
  readonly pair?: { readonly from: string; readonly to: string; readonly family?: 'ipv4' | 'ipv6' };
  readonly check?: string;
  readonly input?: { readonly [name: string]: unknown };
  readonly steps?: readonly unknown[];
  /** Sequences: whether ICMP errors about tracked flows pass; AWS's text does not promise it, so they do not. */
  readonly relatedErrors?: boolean;
  /** Sequences: how many connections the NAT gateways of the world hold together. */
  readonly natMappings?: number;
  readonly flowLog?: { readonly eni: string; readonly records: readonly string[] };
  readonly expect?: Expectation;
};

/** What a case expects, all kinds together; absent fields are not checked. */
export type Expectation = {
  readonly verdict?: string;
  readonly forward?: string;
  readonly reply?: string;
  readonly blockers?: readonly string[];
  readonly unknowns?: readonly string[];
  readonly rules?: { readonly [gate: string]: readonly string[] };
  readonly tcp?: readonly string[];
  readonly udp?: readonly string[];
  readonly icmp?: readonly string[];
  readonly other?: readonly string[];
  readonly violations?: readonly string[];
  readonly value?: string;
  readonly error?: boolean;
  readonly ipv4?: number;
  readonly ipv6?: number;
  readonly addresses?: readonly string[];
};

/** A case of the specification that no engine can run yet, and why. */
export type Skipped = { readonly name: string; readonly reason: string };

/** The cases that are left out: counted as skipped, never passed over. */
export function readSkipped(): readonly Skipped[] {
  return (readJson(join(ROOT, 'skipped.json')) as { readonly skipped: readonly Skipped[] }).skipped;
}

const API = 'api';

/** One call of a case of the API, in the words of AWS's SDK; `${name}` stands for what an earlier step saved. */
export type ApiStep = {
  readonly call: string;
  readonly input: { readonly [member: string]: unknown };
  /** Names for parts of the answer, by their path. */
  readonly save?: { readonly [name: string]: string };
  /** A part of the answer: objects may have more members, lists have just these items; null wants a member absent. */
  readonly expect?: { readonly [member: string]: unknown };
  readonly error?: { readonly code: string; readonly message?: string };
};

export type ApiCase = {
  readonly file: string;
  readonly name: string;
  readonly says: string;
  readonly steps: readonly ApiStep[];
};

/** The cases of the API, in file order: every server that claims to be EC2's should satisfy them. */
export function readApiCases(): readonly ApiCase[] {
  return caseFiles(join(ROOT, API)).flatMap((file) => {
    const { apiCases } = readJson(file) as { readonly apiCases: readonly Omit<ApiCase, 'file'>[] };
    return apiCases.map((one) => ({ ...one, file: relative(ROOT, file) }));
  });
}

const NOT_CASES: ReadonlySet<string> = new Set(['schema.json', 'worlds.json', 'skipped.json']);

const ROOT = fileURLToPath(new URL('../../cases/', import.meta.url));

/** All cases of the project, in file order. */
export function readCases(): readonly Case[] {
  const { worlds } = readJson(join(ROOT, 'worlds.json')) as { readonly worlds: { readonly [name: string]: Compact } };
  return caseFiles(ROOT).flatMap((file) => {
    const { cases } = readJson(file) as { readonly cases: readonly CaseData[] };
    return cases.map((data): Case => {
      const base = typeof data.world === 'string' ? worlds[data.world] : data.world;
      if (base === undefined && data.world !== undefined) throw new Error(`${file}: ${data.name}: no such world`);
      const compact = data.patch === undefined ? (base ?? {}) : (mergePatch(base ?? {}, data.patch) as Compact);
      const before = data.patch === undefined ? {} : (base ?? {});
      return { file: relative(ROOT, file), name: data.name, kind: data.kind, compact, base: before, data };
    });
  });
}

function readJson(file: string): unknown {
  return JSON.parse(readFileSync(file, 'utf8'));
}

function caseFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      // The cases of the API have a form of their own: they are calls, not worlds (`readApiCases`).
      if (entry.isDirectory()) return entry.name === API ? [] : caseFiles(join(folder, entry.name));
      const isCases = entry.name.endsWith('.json') && !NOT_CASES.has(entry.name);
      return isCases ? [join(folder, entry.name)] : [];
    });
}
