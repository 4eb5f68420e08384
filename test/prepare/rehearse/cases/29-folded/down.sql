ALTER TABLE users DROP CONSTRAINT known;
UPDATE users SET role = CASE WHEN role = 'manager' THEN 'admin' ELSE 'viewer' END;
