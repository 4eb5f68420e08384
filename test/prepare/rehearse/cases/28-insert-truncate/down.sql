TRUNCATE roles;
