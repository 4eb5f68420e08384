INSERT INTO roles (name) VALUES ('auditor');
