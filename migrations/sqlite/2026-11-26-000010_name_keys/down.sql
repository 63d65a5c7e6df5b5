DELETE FROM installation WHERE name = 'keys';
