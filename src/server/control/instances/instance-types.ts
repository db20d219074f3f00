export type Architecture = 'x86_64' | 'arm64';

/** What AWS publishes of a type of instance (E2:instance-types; E2:using-eni for interfaces and addresses). Memory in MiB. */
export type InstanceType = {
  readonly name: string;
  readonly architecture: Architecture;
  readonly vcpus: number;
  readonly memory: number;
  readonly coresPerVcpu: 1 | 0.5;
  readonly interfaces: number;
  /** Addresses and prefixes on each interface, for each family by itself. */
  readonly ipv4PerInterface: number;
  readonly ipv6PerInterface: number;
  readonly isBurstable: boolean;
  readonly hypervisor: 'nitro' | 'xen';
  readonly manufacturer: string;
};

/** A size: vCPUs, interfaces, addresses on each of them. */
type Size = readonly [vcpus: number, interfaces: number, addresses: number];

const LARGE: Size = [2, 3, 10];
const XLARGE: Size = [4, 4, 15];
const TWO: Size = [8, 4, 15];
const FOUR: Size = [16, 8, 30];
const EIGHT: Size = [32, 8, 30];
const TWELVE: Size = [48, 8, 30];
const SIXTEEN: Size = [64, 15, 50];
const TWENTY_FOUR: Size = [96, 15, 50];

const COMMON = { large: LARGE, xlarge: XLARGE, '2xlarge': TWO, '4xlarge': FOUR } as const;
const BIG = { ...COMMON, '8xlarge': EIGHT, '12xlarge': TWELVE, '16xlarge': SIXTEEN } as const;
const BIGGER = { ...BIG, '24xlarge': TWENTY_FOUR } as const;
const INTEL_6 = { ...BIGGER, '32xlarge': [128, 15, 50] } as const;
const BIGGEST = { ...BIGGER, '48xlarge': [192, 15, 50] } as const;
const AMD_6 = { ...INTEL_6, '48xlarge': [192, 15, 50] } as const;
const GRAVITON = { medium: [1, 2, 4], ...BIG } as const;
const C5 = {
  ...COMMON,
  '9xlarge': [36, 8, 30],
  '12xlarge': TWELVE,
  '18xlarge': [72, 15, 50],
  '24xlarge': TWENTY_FOUR,
} as const;

type Sizes = { readonly [size: string]: Size };
type Maker = 'Intel' | 'AMD' | 'AWS';
type Family = readonly [sizes: Sizes, gibPerVcpu: number, maker: Maker];

/** Families whose memory goes by their vCPUs. */
const FAMILIES: Readonly<Record<string, Family>> = {
  m5: [BIGGER, 4, 'Intel'],
  m5a: [BIGGER, 4, 'AMD'],
  m6a: [AMD_6, 4, 'AMD'],
  m6i: [INTEL_6, 4, 'Intel'],
  m6g: [GRAVITON, 4, 'AWS'],
  m7i: [BIGGEST, 4, 'Intel'],
  m7g: [GRAVITON, 4, 'AWS'],
  c5: [C5, 2, 'Intel'],
  c6a: [AMD_6, 2, 'AMD'],
  c6i: [INTEL_6, 2, 'Intel'],
  c6g: [GRAVITON, 2, 'AWS'],
  c7i: [BIGGEST, 2, 'Intel'],
  c7g: [GRAVITON, 2, 'AWS'],
  r5: [BIGGER, 8, 'Intel'],
  r5a: [BIGGER, 8, 'AMD'],
  r6a: [AMD_6, 8, 'AMD'],
  r6i: [INTEL_6, 8, 'Intel'],
  r6g: [GRAVITON, 8, 'AWS'],
  r7i: [BIGGEST, 8, 'Intel'],
  r7g: [GRAVITON, 8, 'AWS'],
};

/** Memory of the burstable sizes in MiB, and what t3 and t4g have of the rest; t2 and t3a differ. */
const BURSTABLE_MEMORY = {
  nano: 512,
  micro: 1024,
  small: 2048,
  medium: 4096,
  large: 8192,
  xlarge: 16_384,
  '2xlarge': 32_768,
} as const;
type BurstableSize = keyof typeof BURSTABLE_MEMORY;

const T3: Readonly<Record<BurstableSize, Size>> = {
  nano: [2, 2, 2],
  micro: [2, 2, 2],
  small: [2, 3, 4],
  medium: [2, 3, 6],
  large: [2, 3, 12],
  xlarge: [4, 4, 15],
  '2xlarge': [8, 4, 15],
};
const T2: Readonly<Record<BurstableSize, Size>> = {
  ...T3,
  nano: [1, 2, 2],
  micro: [1, 2, 2],
  small: [1, 3, 4],
  xlarge: [4, 3, 15],
  '2xlarge': [8, 3, 15],
};
const BURSTABLE: readonly (readonly [string, Readonly<Record<BurstableSize, Size>>, Maker])[] = [
  ['t2', T2, 'Intel'],
  ['t3', T3, 'Intel'],
  ['t3a', { ...T3, small: [2, 2, 4] }, 'AMD'],
  ['t4g', T3, 'AWS'],
];

function typeOf(
  name: string,
  [vcpus, interfaces, addresses]: Size,
  { memory, maker }: { readonly memory: number; readonly maker: Maker },
): InstanceType {
  const isT2 = name.startsWith('t2.');
  return {
    name,
    architecture: maker === 'AWS' ? 'arm64' : 'x86_64',
    vcpus,
    memory,
    // Graviton, and the sizes of one vCPU, have no threads that share a core.
    coresPerVcpu: maker === 'AWS' || vcpus === 1 || isT2 ? 1 : 0.5,
    interfaces,
    ipv4PerInterface: addresses,
    ipv6PerInterface: addresses,
    isBurstable: name.startsWith('t'),
    hypervisor: isT2 ? 'xen' : 'nitro',
    manufacturer: maker,
  };
}

function* allTypes(): Generator<InstanceType, void, undefined> {
  for (const [family, sizes, maker] of BURSTABLE)
    for (const [size, memory] of Object.entries(BURSTABLE_MEMORY))
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a key of the table
      yield typeOf(`${family}.${size}`, sizes[size as BurstableSize], { memory, maker });
  for (const [family, [sizes, gib, maker]] of Object.entries(FAMILIES))
    for (const [size, numbers] of Object.entries(sizes))
      yield typeOf(`${family}.${size}`, numbers, { memory: numbers[0] * gib * 1024, maker });
}

/** The types of instance that this server knows, by name. */
export const INSTANCE_TYPES: ReadonlyMap<string, InstanceType> = new Map(
  Array.from(allTypes(), (type) => [type.name, type]),
);
