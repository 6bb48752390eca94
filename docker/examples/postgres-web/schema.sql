-- Runs at every start of the container: what is there already is left as it is.
SET client_min_messages = warning;
SELECT 'CREATE ROLE web LOGIN'
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'web') \gexec
SELECT 'CREATE DATABASE web OWNER web'
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = 'web') \gexec

\connect web
SET client_min_messages = warning;
SET ROLE web;
CREATE TABLE IF NOT EXISTS visits (
    id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    path text NOT NULL,
    at   timestamptz NOT NULL DEFAULT now()
);
