CREATE UNIQUE INDEX t_email_key ON t (email);
