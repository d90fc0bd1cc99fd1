"""Look at what a Parquet file says of its columns, in a process of its own.

pyarrow ends the process at some damage there, where no error can be caught. This file is run by
itself, and imports nothing of this package, so that it takes a fifth of a second.
"""

import sys


def main(path: str) -> None:
    """Look at everything; errors that can be caught are found again by whoever asked."""
    try:
        import pyarrow.parquet

        described = pyarrow.parquet.ParquetFile(path).metadata
        for number in range(described.num_row_groups):
            group = described.row_group(number)
            for index in range(group.num_columns):
                str(group.column(index))
    except Exception:
        return


if __name__ == "__main__":
    main(sys.argv[1])
