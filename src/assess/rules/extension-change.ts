import type { ExtensionProperties } from '../../catalog/model.ts';
import { quoteIdent, quoteLiteral } from '../../sql/quote.ts';
import { children, flag, type Node, text } from '../../sql/tree.ts';
import type { AssessContext } from '../context.ts';
import { type Hit, rule } from './rule.ts';

export const extensionChange = rule({
  id: 'extension-change',
  severity: 'warning',
  title: 'An extension changes what is in the database by scripts that are not in the migration',
  on: ['CreateExtensionStmt', 'AlterExtensionStmt', 'DropStmt'],
  applies: ({ statement }, context) => {
    const { kind, node } = statement;
    switch (kind) {
      case 'CreateExtensionStmt':
        return created(node, context);
      case 'AlterExtensionStmt':
        return [
          {
            message: `The update scripts of ${quoteIdent(text(node, 'extname') ?? '')} on the server run; another server may have others, and none leads back.`,
            safeSql: [],
          },
        ];
      default:
        return dropped(node, context);
    }
  },
  why: 'CREATE EXTENSION installs the version that the server calls the default one, which differs between servers; most need a superuser, some the owner of the database, and the files must be on the server at all. DROP EXTENSION takes its types, functions, operators and casts away (PostgreSQL manual, 36.17, CREATE EXTENSION).',
  instead:
    'Say which version is meant. Update and drop extensions in migrations of their own, after the rehearsal has shown what depends on them.',
  manual: 'extend-extensions.html',
  example: {
    schema: 'CREATE EXTENSION citext;',
    bad: 'DROP EXTENSION citext;',
    danger: { kind: 'breaks', query: "SELECT 'Anna'::citext = 'anna'", sqlstate: '42704' },
  },
});

function created(node: Node, context: AssessContext): readonly Hit[] {
  const name = text(node, 'extname') ?? '';
  const quoted = quoteIdent(name);
  const there = context.known.has('extension', quoted) || name === 'plpgsql';
  if (there && flag(node, 'if_not_exists')) return [];
  const { extensions } = context.surroundings.target;
  if (extensions !== null && extensions[name] === undefined) {
    return [{ severity: 'danger', message: `The server has no extension ${quoted}: it fails.`, safeSql: [] }];
  }
  const options = children(node, 'options').map((option) => text(option.node, 'defname'));
  if (options.includes('new_version')) return [];
  const version = extensions?.[name];
  return [
    {
      severity: 'info',
      message: `Each server installs the version that it calls the default one${version === undefined ? '' : `, here ${version}`}.`,
      safeSql:
        version === undefined || options.length > 0
          ? []
          : [
              `CREATE EXTENSION ${flag(node, 'if_not_exists') ? 'IF NOT EXISTS ' : ''}${quoted} VERSION ${quoteLiteral(version)}`,
            ],
    },
  ];
}

function dropped(node: Node, context: AssessContext): readonly Hit[] {
  if (text(node, 'removeType') !== 'OBJECT_EXTENSION') return [];
  return children(node, 'objects').flatMap((object): readonly Hit[] => {
    const name = quoteIdent(text(object.node, 'sval') ?? '');
    const known = context.known.get('extension', name);
    if (known === null && context.known.complete) return [];
    const schema = (known?.properties as ExtensionProperties | undefined)?.schema;
    return [
      {
        message: `What ${name} brought is gone for every statement that uses it: types, functions and operators${schema === undefined ? '' : ` in ${schema}`}.`,
        safeSql: [],
      },
    ];
  });
}
