COPY t FROM stdin;
select 1;
\.
