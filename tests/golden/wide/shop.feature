# language: ja
フィーチャ: お店

  シナリオ: 検索
    前提I go to "http://www.example.org/"
    もしI fill in "名前" with "髙島屋"
    かつI press "検索"
    ならばI should see "ようこそ"
