import type { ColumnDefinitionBuilder, ColumnDataType } from "kysely";

/** The two column types whose spelling differs between databases; migrations use nothing else that does. */
export interface ColumnTypes {
  readonly bytes: ColumnDataType;
  readonly sequence: {
    readonly type: ColumnDataType;
    readonly build: (column: ColumnDefinitionBuilder) => ColumnDefinitionBuilder;
  };
}

/** SQLite needs exactly `integer primary key autoincrement` for ids that never come back. */
export const sqliteColumns: ColumnTypes = {
  bytes: "blob",
  sequence: { type: "integer", build: (column) => column.primaryKey().autoIncrement() },
};
