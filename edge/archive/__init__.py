"""Archives of pages: read on many processes and machines by Dask, with a journal by which a run goes on. Needs the extra `archive`."""
