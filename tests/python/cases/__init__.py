"""The runner of the shared behaviour cases in `tests/cases`, whose README says their forms."""
