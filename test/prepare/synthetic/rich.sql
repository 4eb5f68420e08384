create extension if not exists plpgsql;
create schema app; 
create type mood as enum ('sad','ok','happy');
create domain posint as int check (value > 100);
create domain email as text check (value ~ '^[a-z0-9.]+@[a-z]+\.com$');
create domain email2 as email not null check (length(value) < 40);
create type addr as (street text, num posint, tags text[]);
create table a_types(id bigint generated always as identity primary key, i2 int2, i4 int not null, i8 int8, n numeric, n2 numeric(5,2), n3 numeric(2,2), f4 float4, f8 float8 not null, m money,
 t text, v varchar(3), v1 varchar(1), c char(5), c1 char, b bool, d date, ts timestamp, tz timestamptz(3), ti time, tt timetz, iv interval, u uuid, j json, jb jsonb, by bytea,
 ine inet, ci cidr, mac macaddr, mac8 macaddr8, bi bit(4), vb bit varying(5), x xml, p point, ln line, ls lseg, bo box, pa path, po polygon, cir circle, tv tsvector, tq tsquery,
 r4 int4range, r8 int8range, nr numrange, tr tsrange, tzr tstzrange, dr daterange, mr int4multirange, dm datemultirange, lsn pg_lsn, jp jsonpath, nm name, ch "char", o oid, rc regclass, rt regtype, rp regproc, txs txid_snapshot, pgs pg_snapshot, xi xid, x8 xid8, ti2 tid, ov oidvector, iv2 int2vector,
 mo mood, moa mood[], pi posint, em email, em2 email2, ad addr, ada addr[], ia int[], ta text[], va varchar(4)[], na numeric(4,1)[], jba jsonb[], pia posint[],
 g int generated always as (i4 * 2) stored);
create table users(id serial primary key, email varchar(100) unique not null check (email = lower(email)), name text not null, manager_id int references users(id), mood mood not null default 'ok', best_friend int not null references users(id));
create table tenants(id uuid primary key default gen_random_uuid(), slug text unique check (slug ~ '^[a-z][a-z0-9-]{2,20}$'));
create table members(tenant_id uuid references tenants(id), user_id int references users(id), role text not null check (role in ('owner','admin','member')), primary key (tenant_id, user_id));
create table docs(id serial primary key, tenant_id uuid not null, user_id int not null, foreign key (tenant_id, user_id) references members(tenant_id, user_id), status text not null default 'draft' check (status = any (array['draft','published'])), published_at timestamptz, check ((status = 'published') = (published_at is not null)));
create table ev(id int primary key, starts date not null, ends date not null, check (starts < ends), pct numeric check (pct >= 0 and pct <= 1), score int check (score between 1 and 5), zip char(5) check (zip ~ '^\d{5}$'), code text check (char_length(code) = 8), u text check (u like 'https://%'));
create table arc(id int primary key, a int references users(id), b int references ev(id), c uuid references tenants(id), check (num_nonnulls(a,b,c) = 1));
create table flags(is_default bool unique not null, v int);
create table singleton(id bool primary key default true check (id), x int);
create extension if not exists btree_gist;
create table room(id int primary key, room int, during tsrange, exclude using gist (room with =, during with &&));
create table cyc1(id int primary key, c2 int not null); create table cyc2(id int primary key, c1 int not null references cyc1(id)); alter table cyc1 add foreign key (c2) references cyc2(id);
create table pr(id int, at date not null, v text, primary key (id, at)) partition by range (at);
create table pr1 partition of pr for values from ('2020-01-01') to ('2020-02-01'); create table pr2 partition of pr for values from ('2020-02-01') to ('2020-03-01'); create table prd partition of pr default;
create table pl(id int, k text) partition by list (k); create table pl1 partition of pl for values in ('x','y'); create table pl2 partition of pl for values in ('z', null) partition by range (id); create table pl2a partition of pl2 for values from (0) to (100); create table pl2b partition of pl2 for values from (100) to (maxvalue);
create table ph(id int primary key, k text) partition by hash (id); create table ph0 partition of ph for values with (modulus 2, remainder 0); create table ph1 partition of ph for values with (modulus 2, remainder 1);
create table ref_pr(id int primary key, pid int, pat date, foreign key (pid, pat) references pr(id, at));
create table noparts(id int) partition by list (id);
create table refuse(id int primary key, v text);
create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no way'; end $$; create trigger refuse before insert on refuse for each row execute function refuse();
create table swallow(id int primary key, v text);
create function swallow() returns trigger language plpgsql as $$ begin return null; end $$; create trigger swallow before insert on swallow for each row execute function swallow();
alter table swallow enable always trigger swallow;
create table prof(user_id int primary key references users(id), bio text);
create function mkprof() returns trigger language plpgsql as $$ begin insert into prof(user_id, bio) values (new.id, 'auto'); return new; end $$; create trigger mk after insert on users for each row execute function mkprof();
create table seed(id int primary key, code text unique not null); insert into seed values (1,'a'),(2,'b'),(1000,'z');
create table seedref(id int primary key, seed_code text not null references seed(code));
create table empty_cols(); create table only_id(id int generated always as identity);
create table geo(id int primary key, lat numeric check (lat between -90 and 90), lon numeric check (lon >= -180 and lon <= 180), kind int check (kind in (3,7,9)));
create table js(id int primary key, d jsonb check (d ? 'type'), e jsonb check (jsonb_typeof(e) = 'array'), tags text[] check (array_length(tags,1) = 3), t2 text[] check (t2 <@ array['a','b']::text[]));
create table "Weird Name"("Some Col" int primary key, "select" text not null check ("select" <> ''), "a""b" int check ("a""b" > "Some Col"));
create table defer(id int primary key, p int references defer(id) deferrable initially deferred); alter table defer add u int unique deferrable initially deferred;
create table lowuni(id int primary key, s text); create unique index on lowuni (lower(s));
create table inhp(id int primary key, v text); create table inhc(w int not null) inherits (inhp);
create materialized view mv as select * from users;
create table gen(id int primary key, price numeric not null, qty int not null, total numeric generated always as (price * qty) stored, check (total < 50));
create table nd(a text not null, b text not null, check (a <> b), check (length(a) >= 3 and length(a) <= 4));
create rule r as on insert to lowuni do also select 1;
create table rulet(id int primary key); create rule r2 as on insert to rulet do instead nothing;
create table tree(id serial primary key, up int references tree(id), depth int not null check (depth >= 0), check ((up is null) = (depth = 0)));
create table tight(id int primary key, currency char(3) not null check (currency = upper(currency)), iso text check (iso ~ '^[A-Z]{2}$'), pct numeric(3,2) check (pct > 0 and pct < 1), yr int check (yr >= 1900 and yr <= extract(year from now())), ph text check (ph ~ '^\+[1-9]\d{1,14}$'), hex text check (hex ~* '^#([0-9a-f]{3}|[0-9a-f]{6})$'), url text check (url ~ '^https?://'), arr int[] check (cardinality(arr) between 1 and 5), js jsonb check (jsonb_typeof(js) = 'object' and js ? 'a' and js ? 'b'), st text check (st in ('x','y')), st2 text, check (st <> 'x' or st2 is not null), tsr tstzrange check (not isempty(tsr) and lower(tsr) < upper(tsr)), d1 date, d2 date, d3 date, check (d1 <= d2 and d2 < d3), m int check (m % 10 = 0), pw text check (char_length(pw) >= 60), iban text check (iban ~ '^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$'), wk int check (wk = any('{1,2,4}'::int[])), bits bit(8) check (bits <> B'00000000'));
create table forced(id int primary key, owner text default current_user); alter table forced enable row level security; alter table forced force row level security; create policy p on forced using (owner = 'nobody');
