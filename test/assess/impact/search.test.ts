/** The application's source: what is read, and what is found of each tool's models, of SQL and of plain text. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { StepChange } from '../../../src/assess/impact/changes.ts';
import { IgnoreRules } from '../../../src/assess/impact/ignore.ts';
import { modelsIn } from '../../../src/assess/impact/models.ts';
import { searchSource } from '../../../src/assess/impact/search.ts';
import { camel, numbers, pascal, snake } from '../../../src/assess/impact/word-forms.ts';
import type { CatalogObject, ObjectKind } from '../../../src/catalog/model.ts';

async function tree(files: Readonly<Record<string, string | Buffer>>): Promise<string> {
  const root = await mkdtemp(join(tmpdir(), 'ferrata-app-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), content);
  }
  return root;
}

function dropped(
  kind: ObjectKind,
  identity: string,
  properties: CatalogObject['properties'] = {},
): StepChange {
  const parent = kind === 'column' ? `table ${identity.slice(0, identity.lastIndexOf('.'))}` : null;
  const before: CatalogObject = { kind, identity, parent, properties, physical: `x:${identity}` };
  return {
    object: `${kind} ${identity}`,
    change: 'dropped',
    what: 'dropped',
    step: 's1',
    parent,
    physical: before.physical,
    parentPhysical: null,
    reprinted: false,
    before,
    after: null,
  };
}

async function find(
  files: Readonly<Record<string, string | Buffer>>,
  change: StepChange,
  without: readonly string[] = [],
) {
  const root = await tree(files);
  const { scan, found } = await searchSource(
    root,
    'app',
    [change],
    without.map((one) => join(root, one)),
  );
  const here = found.get(change);
  return {
    scan,
    elsewhere: here?.elsewhere,
    hits: (here?.hits ?? []).map(
      ({ file, line, as, tool, text }) => `${file}:${line} ${as}${tool === null ? '' : ` ${tool}`} ${text}`,
    ),
  };
}

describe('models are recognised', () => {
  const orderStatus = dropped('column', 'public.order_items.unit_price');
  const cases: Readonly<Record<string, readonly [path: string, text: string, hits: readonly string[]]>> = {
    Prisma: [
      'schema.prisma',
      'model OrderItem {\n  id        Int     @id\n  unitPrice Decimal @map("unit_price")\n\n  @@map("order_items")\n}\n\nmodel Other {\n  unitPrice Int\n}\n',
      ['schema.prisma:3 model Prisma unitPrice', 'schema.prisma:3 model Prisma unit_price'],
    ],
    Drizzle: [
      'db/schema.ts',
      "export const items = pgTable('order_items', {\n  id: integer('id').primaryKey(),\n  price: numeric('unit_price', { precision: 10 }),\n});\n",
      ['db/schema.ts:3 model Drizzle price', 'db/schema.ts:3 model Drizzle unit_price'],
    ],
    TypeORM: [
      'item.entity.ts',
      "@Entity({ name: 'order_items' })\nexport class OrderItem {\n  @PrimaryGeneratedColumn()\n  id!: number;\n\n  @Column('numeric', { name: 'unit_price' })\n  unitPrice!: string;\n}\n",
      ['item.entity.ts:6 model TypeORM unit_price', 'item.entity.ts:7 model TypeORM unitPrice'],
    ],
    SQLAlchemy: [
      'models.py',
      "class OrderItem(Base):\n    __tablename__ = 'order_items'\n    id: Mapped[int] = mapped_column(primary_key=True)\n    price = mapped_column('unit_price', Numeric)\n\n\ndef f():\n    pass\n",
      ['models.py:4 model SQLAlchemy price', 'models.py:4 model SQLAlchemy unit_price'],
    ],
    'SQLAlchemy Core': [
      'tables.py',
      "order_items = sa.Table(\n    'order_items',\n    metadata,\n    sa.Column('unit_price', sa.Numeric),\n)\n",
      ['tables.py:4 model SQLAlchemy unit_price'],
    ],
    Django: [
      'order/models.py',
      "from django.db import models\n\nclass Items(models.Model):\n    unit_price = models.DecimalField(max_digits=8, decimal_places=2)\n\n    class Meta:\n        db_table = 'order_items'\n",
      ['order/models.py:4 model Django unit_price'],
    ],
    ActiveRecord: [
      'app/models/order_item.rb',
      'class OrderItem < ApplicationRecord\n  validates :unit_price, presence: true\n  alias_attribute :price, :unit_price\nend\n',
      [
        'app/models/order_item.rb:2 model ActiveRecord unit_price',
        'app/models/order_item.rb:3 model ActiveRecord price',
        'app/models/order_item.rb:3 model ActiveRecord unit_price',
      ],
    ],
  };
  test.each(Object.entries(cases))('%s', async (_, [path, text, wanted]) => {
    const { hits, scan } = await find({ [path]: text }, orderStatus);
    expect(hits).toEqual(wanted);
    expect(scan.tools).toHaveLength(1);
  });

  test('a Django model without db_table is named after its application, a foreign key after its field', () => {
    const [model] = modelsIn(
      'shop/models/order.py',
      'class Order(models.Model):\n    customer = models.ForeignKey(Customer, on_delete=models.CASCADE)\n    tags = models.ManyToManyField(Tag)\n',
    );
    expect(model).toMatchObject({
      table: 'shop_order',
      fields: [{ name: 'customer', column: 'customer_id' }],
    });
  });

  test('a model is used elsewhere under the name that it has there', async () => {
    const { hits } = await find(
      {
        'schema.prisma': 'model Purchase {\n  remark String? @map("note")\n  @@map("orders")\n}\n',
        'service.ts': 'export const list = () => prisma.purchase.findMany({ select: { remark: true } });\n',
        'other.ts': 'const remark = 1;\n',
      },
      dropped('column', 'public.orders.note'),
    );
    expect(hits).toEqual([
      'schema.prisma:2 model Prisma remark',
      'schema.prisma:2 model Prisma note',
      'service.ts:1 model Prisma remark',
    ]);
  });
});

describe('SQL and text', () => {
  test('SQL inside strings and .sql files is told from other text; a column needs its table beside it', async () => {
    const { hits, elsewhere } = await find(
      {
        'a.ts': 'const q = `\n  SELECT note FROM orders\n  WHERE id = $1`;\nlog(row.note);\n',
        'b.py': 'cur.execute("""update orders set note = %s""", [x])\n',
        'q/list.sql': 'SELECT o.NOTE FROM orders o;\n',
        'c.go': 'db.Query("SELECT note FROM invoices")\n',
        'd.css': '.orders .order-note { color: red }\n',
      },
      dropped('column', 'public.orders.note'),
    );
    expect(hits).toEqual(['a.ts:2 sql note', 'b.py:1 sql note', 'q/list.sql:1 sql NOTE', 'a.ts:4 text note']);
    expect(elsewhere).toBe(1);
  });

  test('a table is found as it is written, as a class and as a collection; an enum’s label only in quotes', async () => {
    const { hits } = await find(
      {
        'a.rb': 'LineItem.where(id: 1)\nOrder.joins(:line_items)\n',
        'b.ts':
          'import { lineItems } from "./x";\nconst one: LineItem = lineItems[0];\n// myline_items, line_items2\n',
        'README.md': 'A LineItem is a line.\n',
      },
      dropped('table', 'public.line_items'),
    );
    expect(hits).toEqual([
      'a.rb:1 model LineItem',
      'b.ts:1 model lineItems',
      'b.ts:2 model LineItem',
      'b.ts:2 model lineItems',
      'a.rb:2 text line_items',
    ]);
    const enumChange: StepChange = {
      ...dropped('enum', 'public.mood', { labels: ['sad', 'happy'] }),
      change: 'changed',
      after: {
        kind: 'enum',
        identity: 'public.mood',
        parent: null,
        properties: { labels: ['happy'] },
        physical: 'x',
      },
    };
    const labels = await find({ 'a.ts': "const sad = 'sad';\n// sad\nconst happy = 'happy';\n" }, enumChange);
    expect(labels.hits).toEqual(['a.ts:1 text sad']);
  });

  test('what git ignores, what others wrote and what is no text is not read', async () => {
    const { hits, scan } = await find(
      {
        '.git/HEAD': 'ref: x',
        '.gitignore': 'build/\n*.log\n!keep.log\n/only-here.ts\n',
        'build/a.ts': 'orders',
        'x.log': 'orders',
        'keep.log': 'orders',
        'only-here.ts': 'orders',
        'sub/only-here.ts': 'orders',
        'sub/.gitignore': 'secret.ts\n',
        'sub/secret.ts': 'orders',
        'secret.ts': 'orders',
        'node_modules/x/index.js': 'orders',
        'prisma/migrations/1/migration.sql': 'DROP TABLE orders',
        'mine/1/up.sql': 'DROP TABLE orders',
        'package-lock.json': 'orders',
        'logo.png': 'orders',
        'data.dat': Buffer.from('orders\0'),
        'huge.txt': `orders${'.'.repeat(1024 * 1024)}`,
      },
      dropped('table', 'public.orders'),
      ['mine'],
    );
    expect(hits).toEqual([
      'keep.log:1 text orders',
      'secret.ts:1 text orders',
      'sub/only-here.ts:1 text orders',
    ]);
    expect(scan.skipped).toEqual({
      'folders of migrations': 1,
      'binary files': 2,
      'generated files': 1,
      'files of more than 1 MB': 1,
    });
  });

  test('two thousand files take no five seconds', { timeout: 60_000 }, async () => {
    const files: Record<string, string> = {};
    const body = 'export function work(order) {\n  return order.note ?? `SELECT id FROM other`;\n}\n'.repeat(
      20,
    );
    for (let n = 0; n < 2000; n++) files[`src/m${n % 40}/f${n}.ts`] = body;
    const root = await tree(files);
    const change = dropped('column', 'public.orders.note');
    const started = performance.now();
    const { scan, found } = await searchSource(root, 'app', [change], []);
    expect(performance.now() - started).toBeLessThan(5000);
    expect(scan.files).toBe(2000);
    expect(found.get(change)).toMatchObject({ more: 2000 * 20 - 50 });
  });
});

test('.gitignore patterns', () => {
  const rules = new IgnoreRules(
    '# comment\n*.log\n/top\nfolder/\na/**/z\n**/deep\nx/*.ts\n!x/keep.ts\nname\\ \n[ab].c\n',
  );
  const ignored = (path: string, folder = false) => rules.ignores(path, folder);
  expect(ignored('a.log')).toBe(true);
  expect(ignored('b/c.log')).toBe(true);
  expect(ignored('top')).toBe(true);
  expect(ignored('b/top')).toBeNull();
  expect(ignored('folder', true)).toBe(true);
  expect(ignored('folder')).toBeNull();
  expect(ignored('b/folder', true)).toBe(true);
  expect(ignored('a/z')).toBe(true);
  expect(ignored('a/b/c/z')).toBe(true);
  expect(ignored('q/deep')).toBe(true);
  expect(ignored('x/y.ts')).toBe(true);
  expect(ignored('x/y/z.ts')).toBeNull();
  expect(ignored('x/keep.ts')).toBe(false);
  expect(ignored('name ')).toBe(true);
  expect(ignored('b.c')).toBe(true);
  expect(ignored('c.c')).toBeNull();
});

test('shapes of names', () => {
  expect(numbers('order_items')).toEqual({ one: 'order_item', many: 'order_items' });
  expect(numbers('categories')).toEqual({ one: 'category', many: 'categories' });
  expect(numbers('person')).toEqual({ one: 'person', many: 'people' });
  expect(numbers('addresses')).toEqual({ one: 'address', many: 'addresses' });
  expect(numbers('order_status')).toEqual({ one: 'order_status', many: 'order_statuses' });
  expect(numbers('boxes')).toEqual({ one: 'box', many: 'boxes' });
  expect(numbers('houses')).toEqual({ one: 'house', many: 'houses' });
  expect([camel('unit_price'), pascal('unit_price'), snake('UnitPrice'), snake('HTTPRequest')]).toEqual([
    'unitPrice',
    'UnitPrice',
    'unit_price',
    'http_request',
  ]);
});
