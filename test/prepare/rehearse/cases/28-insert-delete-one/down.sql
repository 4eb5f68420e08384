DELETE FROM roles WHERE name = 'auditor';
