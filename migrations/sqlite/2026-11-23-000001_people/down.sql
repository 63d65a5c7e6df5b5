DROP TABLE roles;
DROP TABLE users;
DROP TABLE domains;
DROP TABLE installation;
