UPDATE t SET email = NULL WHERE email = '';
