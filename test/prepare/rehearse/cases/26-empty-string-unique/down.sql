UPDATE t SET email = '' WHERE email IS NULL;
