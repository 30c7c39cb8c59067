"""A region as one folder of plain files."""
