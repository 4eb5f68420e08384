UPDATE t SET v = upper(v), a = a + 1 WHERE a IS NOT NULL;
