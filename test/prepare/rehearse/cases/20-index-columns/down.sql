CREATE INDEX t_i ON t (v, a);
