SELECT 'äöü€😀', '漢字'; SELCT 1;
