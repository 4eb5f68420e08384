-- A music shop in the shape of the Chinook sample database: the tables that the statements touch.
CREATE TABLE artist (
  artist_id int CONSTRAINT artist_pkey PRIMARY KEY,
  name varchar(120)
);
CREATE TABLE album (
  album_id int CONSTRAINT album_pkey PRIMARY KEY,
  title varchar(160) NOT NULL,
  artist_id int NOT NULL CONSTRAINT album_artist_id_fkey REFERENCES artist
);
CREATE INDEX album_artist_id_idx ON album (artist_id);
CREATE TABLE employee (
  employee_id int CONSTRAINT employee_pkey PRIMARY KEY,
  last_name varchar(20) NOT NULL,
  reports_to int CONSTRAINT employee_reports_to_fkey REFERENCES employee,
  birth_date timestamp,
  email varchar(60)
);
CREATE TABLE customer (
  customer_id int CONSTRAINT customer_pkey PRIMARY KEY,
  email varchar(60) NOT NULL,
  support_rep_id int CONSTRAINT customer_support_rep_id_fkey REFERENCES employee
);
CREATE TABLE track (
  track_id int CONSTRAINT track_pkey PRIMARY KEY,
  name varchar(200) NOT NULL,
  album_id int CONSTRAINT track_album_id_fkey REFERENCES album,
  composer varchar(220),
  unit_price numeric(10,2) NOT NULL
);
CREATE INDEX track_album_id_idx ON track (album_id);
CREATE TABLE invoice (
  invoice_id int CONSTRAINT invoice_pkey PRIMARY KEY,
  customer_id int NOT NULL CONSTRAINT invoice_customer_id_fkey REFERENCES customer,
  invoice_date timestamp NOT NULL,
  total numeric(10,2) NOT NULL
);
CREATE TABLE invoice_line (
  invoice_line_id int CONSTRAINT invoice_line_pkey PRIMARY KEY,
  invoice_id int NOT NULL CONSTRAINT invoice_line_invoice_id_fkey REFERENCES invoice,
  track_id int NOT NULL CONSTRAINT invoice_line_track_id_fkey REFERENCES track,
  unit_price numeric(10,2) NOT NULL,
  quantity int NOT NULL
);
CREATE TABLE playlist_track (
  playlist_id int NOT NULL,
  track_id int NOT NULL CONSTRAINT playlist_track_track_id_fkey REFERENCES track,
  CONSTRAINT playlist_track_pkey PRIMARY KEY (playlist_id, track_id)
);
