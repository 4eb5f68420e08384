SELECT 'äöü';
  \i other.sql
