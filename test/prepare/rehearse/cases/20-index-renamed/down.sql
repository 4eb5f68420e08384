CREATE INDEX t_a_again ON t (a);
