/** Triggers and rules (manual, CREATE TRIGGER, CREATE RULE), with the state that ALTER TABLE … ENABLE gives them. */
import type { CatalogObject, RuleProperties, TriggerProperties } from '../../model.ts';
import type { KindRenderer, Part, RenderContext } from '../context.ts';
import { make, part, partId, propertiesOf } from '../context.ts';
import { keyOf, localName, ownerRelation } from '../names.ts';
import { commentChange } from '../owned.ts';
import { RANK } from '../ranks.ts';

function enabling(object: CatalogObject, state: TriggerProperties['enabled'], word: string): string {
  const change = {
    origin: 'ENABLE',
    disabled: 'DISABLE',
    replica: 'ENABLE REPLICA',
    always: 'ENABLE ALWAYS',
  }[state];
  return `ALTER TABLE ${ownerRelation(object)} ${change} ${word} ${localName(object)}`;
}

/** pg_get_ruledef ends with a semicolon and names the table. */
function definition(text: string): string {
  return text.trim().replace(/;$/, '');
}

/**
 * The state of a partition's copy: it comes with the trigger above, enabled as that is then, and changes with it where
 * the server recurses (which versions do in different ways), so it is said after whatever happens above.
 */
function copyState(
  object: CatalogObject,
  before: TriggerProperties | null,
  comment: readonly string[],
  context: RenderContext,
): Part[] {
  const wanted = propertiesOf<TriggerProperties>(object);
  const table = object.parent ?? '';
  const partitionOf = context.to.objects.get(table)?.properties.partitionOf;
  const above = keyOf('trigger', `${partitionOf}.${localName(object)}`);
  const goal = context.to.objects.get(above);
  const former = context.formerly(above);
  const isCopied = before === null || context.isCreated(above);
  const moves = isCopied || former?.properties.enabled !== goal?.properties.enabled;
  const same = isCopied ? wanted.enabled === 'origin' && goal?.properties.enabled === 'origin' : !moves;
  const state =
    same && (before === null || isCopied || before.enabled === wanted.enabled)
      ? []
      : [enabling(object, wanted.enabled, 'TRIGGER')];
  return part('state', [...state, ...comment], {
    needs: [partId('make', above), partId('state', above), partId('attach', table)],
    tightens: true,
    rank: RANK.trigger + 0.5,
  });
}

export const trigger: KindRenderer = {
  rank: RANK.trigger,
  create(object, context) {
    const wanted = propertiesOf<TriggerProperties>(object);
    const named = `TRIGGER ${localName(object)} ON ${ownerRelation(object)}`;
    const state = wanted.enabled === 'origin' ? [] : [enabling(object, wanted.enabled, 'TRIGGER')];
    const comment = commentChange(named, null, wanted.comment);
    // The parent's trigger clones itself into the partition, enabled as it is at that moment.
    if (wanted.inherited) return copyState(object, null, comment, context);
    return [make([definition(wanted.definition), ...state, ...comment], { tightens: true })];
  },
  drop(object) {
    if (propertiesOf<TriggerProperties>(object).inherited) return [];
    return [{ sql: `DROP TRIGGER ${localName(object)} ON ${ownerRelation(object)}` }];
  },
  alter(before, after, context) {
    const had = propertiesOf<TriggerProperties>(before);
    const wanted = propertiesOf<TriggerProperties>(after);
    const named = `TRIGGER ${localName(after)} ON ${ownerRelation(after)}`;
    if (!wanted.inherited && !context.same(had.definition, wanted.definition)) return 'rebuild';
    if (had.inherited !== wanted.inherited) return 'rebuild';
    if (wanted.inherited) {
      return copyState(after, had, commentChange(named, had.comment, wanted.comment), context);
    }
    const state = had.enabled === wanted.enabled ? [] : [enabling(after, wanted.enabled, 'TRIGGER')];
    return [
      make(commentChange(named, had.comment, wanted.comment)),
      ...part('state', state, { tightens: wanted.enabled !== 'disabled', rank: RANK.trigger + 0.5 }),
    ];
  },
  rename(object, current, name) {
    const at = { ...object, identity: current };
    return `ALTER TRIGGER ${localName(at)} ON ${ownerRelation(at)} RENAME TO ${name}`;
  },
};

export const rule: KindRenderer = {
  rank: RANK.rule,
  create(object) {
    const wanted = propertiesOf<RuleProperties>(object);
    const state = wanted.enabled === 'origin' ? [] : [enabling(object, wanted.enabled, 'RULE')];
    const named = `RULE ${localName(object)} ON ${ownerRelation(object)}`;
    const drafts = [definition(wanted.definition), ...state, ...commentChange(named, null, wanted.comment)];
    return [make(drafts, { tightens: true })];
  },
  drop: (object) => [{ sql: `DROP RULE ${localName(object)} ON ${ownerRelation(object)}` }],
  alter(before, after, context) {
    const had = propertiesOf<RuleProperties>(before);
    const wanted = propertiesOf<RuleProperties>(after);
    if (!context.same(had.definition, wanted.definition)) return 'rebuild';
    const named = `RULE ${localName(after)} ON ${ownerRelation(after)}`;
    const state = had.enabled === wanted.enabled ? [] : [enabling(after, wanted.enabled, 'RULE')];
    return [
      make(commentChange(named, had.comment, wanted.comment)),
      ...part('state', state, { tightens: wanted.enabled !== 'disabled', rank: RANK.rule + 0.5 }),
    ];
  },
  rename(object, current, name) {
    const at = { ...object, identity: current };
    return `ALTER RULE ${localName(at)} ON ${ownerRelation(at)} RENAME TO ${name}`;
  },
};
