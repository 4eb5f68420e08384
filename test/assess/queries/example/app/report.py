def with_notes(cursor):
    cursor.execute("""
        SELECT id, note FROM orders
        WHERE note <> ''
    """)
    return cursor.fetchall()
