/** A schema kept in a file: what `diff --save` writes, and takes as a side later. */
import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { fingerprintCatalog } from '../catalog/fingerprint.ts';
import type { Catalog, CatalogObject, Dependency } from '../catalog/model.ts';
import { FerrataError } from '../errors.ts';

export interface SavedSchema {
  readonly catalog: Catalog;
  /** What it was read from, safe to print. */
  readonly label: string;
  /** The role that read it, or that built it. */
  readonly role: string;
  /** Which database it was (see `identityOf`); null where that is not known. */
  readonly identity: string | null;
  /** ISO 8601, UTC. */
  readonly savedAt: string;
}

const shape = z.object({
  ferrata: z.literal(1),
  label: z.string(),
  role: z.string(),
  identity: z.string().nullable(),
  savedAt: z.string(),
  fingerprint: z.string(),
  catalog: z.object({
    major: z.number().int(),
    objects: z.array(
      z.looseObject({
        kind: z.string(),
        identity: z.string(),
        parent: z.string().nullable(),
        properties: z.record(z.string(), z.unknown()),
        physical: z.string(),
      }),
    ),
    dependencies: z.array(z.object({ from: z.string(), to: z.string() })),
  }),
});

/**
 * Writes the schema as one JSON file, readable by its owner alone: definitions of user mappings and subscriptions hold
 * passwords.
 */
export async function saveSchema(file: string, { catalog, ...about }: SavedSchema): Promise<void> {
  const value = {
    ferrata: 1,
    ...about,
    fingerprint: fingerprintCatalog(catalog).hash,
    catalog: {
      major: catalog.major,
      objects: [...catalog.objects.values()],
      dependencies: catalog.dependencies,
    },
  };
  const partial = `${file}.${process.pid}.part`;
  await writeFile(partial, `${JSON.stringify(value, null, 1)}\n`, { mode: 0o600 });
  await rename(partial, file);
}

/** Throws `schema-file-invalid` for a file that was cut short or edited. */
export async function loadSchema(file: string, shown: string): Promise<SavedSchema> {
  const refuse = (why: string, cause?: unknown): FerrataError =>
    new FerrataError('schema-file-invalid', `${shown} holds no schema that can be read.`, {
      why,
      hint: 'Save it again: ferrata diff --from empty --to <what> --save <file>.',
      cause,
    });
  let given: unknown;
  try {
    given = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw refuse('It is not JSON.', cause);
  }
  const parsed = shape.safeParse(given);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw refuse(
      `It is not what \`ferrata diff --save\` writes: ${issue?.path.join('.')}: ${issue?.message}.`,
    );
  }
  const { label, role, identity, savedAt, fingerprint } = parsed.data;
  const { major, dependencies } = parsed.data.catalog;
  // The shape was checked; what the properties hold is checked by the fingerprint.
  const objects = parsed.data.catalog.objects as unknown as readonly CatalogObject[];
  const catalog: Catalog = {
    major,
    objects: new Map(objects.map((object) => [`${object.kind} ${object.identity}`, object])),
    dependencies: dependencies as readonly Dependency[],
    parked: [],
  };
  if (fingerprintCatalog(catalog).hash !== fingerprint) {
    throw refuse('Its fingerprint is not that of its objects: it was edited, or cut short.');
  }
  return { catalog, label, role, identity, savedAt };
}
