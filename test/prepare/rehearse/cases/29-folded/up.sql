ALTER TABLE users DROP CONSTRAINT known;
UPDATE users SET role = CASE WHEN role IN ('admin', 'owner') THEN 'manager' ELSE 'member' END;
ALTER TABLE users ADD CONSTRAINT known CHECK (role IN ('manager', 'member'));
