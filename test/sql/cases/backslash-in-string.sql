SELECT '
\connect x
';
