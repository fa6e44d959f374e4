"""Many cases at once, in a local world with two workers and a Postgres server: `make fleet-load`."""
