import type { Input } from '@hypermesh/client';

/** What the form of a run holds. */
export interface RunFields {
  readonly spec: string;
  readonly on: string;
  readonly audit: string;
  readonly fuel: string;
  readonly memoryMb: string;
  readonly seconds: string;
  readonly price: string;
  readonly inputFile: string;
}

/** What is wrong with which field. */
export type RunErrors = Readonly<Partial<Record<keyof RunFields, string>>>;

/** What a run asks for where nobody says otherwise; as on the command line. */
export const firstFields: RunFields = {
  spec: '',
  on: '',
  audit: '',
  fuel: '10000000000',
  memoryMb: '64',
  seconds: '30',
  price: '10',
  inputFile: '',
};

const pageBytes = 65_536;
const fuelOfPrice = 1_000_000n;

/** The call that the form describes, with the most that it may cost, or what stands in the way. */
export function runRequest(
  fields: RunFields,
):
  | { readonly ok: true; readonly request: Input<'run'>; readonly most: bigint }
  | { readonly ok: false; readonly errors: RunErrors } {
  const { spec, on, audit, fuel, memoryMb, seconds, price, inputFile } = fields;
  const errors: Partial<Record<keyof RunFields, string>> = {};
  if (spec.trim() === '') errors.spec = 'Name a package, such as anagrams or anagrams@1.0.0';
  if (on !== '' && on === audit) errors.audit = 'Another member than the one that executes';
  if (!/^[1-9]\d{0,17}$/.test(fuel)) errors.fuel = 'A whole number above 0';
  if (!/^\d{1,18}$/.test(price)) errors.price = 'A whole number; 0 asks for nothing';
  const pages = Math.ceil((Number(memoryMb) * 1_000_000) / pageBytes);
  if (!(pages >= 1 && pages <= 65_536)) errors.memoryMb = 'From 0.1 to 4294 MB';
  const deadlineMs = Math.round(Number(seconds) * 1000);
  if (!(deadlineMs >= 1 && Number.isSafeInteger(deadlineMs))) errors.seconds = 'Seconds, above 0';
  if (Object.keys(errors).length > 0) return { ok: false, errors };
  return {
    ok: true,
    most: (BigInt(fuel) * BigInt(price) + fuelOfPrice - 1n) / fuelOfPrice,
    request: {
      spec: spec.trim(),
      fuel,
      memoryPages: pages,
      deadlineMs,
      price,
      ...(on === '' ? {} : { on }),
      ...(audit === '' ? {} : { audit }),
      ...(inputFile.trim() === '' ? {} : { inputFile: inputFile.trim() }),
    },
  };
}
