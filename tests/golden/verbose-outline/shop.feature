# language: de
Funktionalität: Laden
  Die Kunden sollen kaufen können

  Szenariogrundriss: Suche nach <Ware>
    Angenommen I am on "http://www.example.org/"
    Wenn I fill in "q" with "<Ware>"
    Und I press "Suchen"

    Beispiele:
      | Ware   |
      | Mäuse  |
      | Käse   |
