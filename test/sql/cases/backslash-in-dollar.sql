DO $$
\i x
$$;
