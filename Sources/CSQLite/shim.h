#include <sqlite3.h>

// sqlite3_db_config takes a variable number of arguments, which Swift does not call.
static inline int sqlite_keep_log_on_close(sqlite3 *db, int keeps) {
  return sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, keeps, (int *)0);
}
