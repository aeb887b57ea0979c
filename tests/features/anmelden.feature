# language: de
Funktionalität: Die Demonstration auf Deutsch
  Damit niemand Englisch können muss, um seine Website zu beobachten.

  Grundlage:
    Angenommen ich bin auf der Startseite
    Und ich messe die Zeit

  Szenario: Anmelden
    Wenn ich auf "Log in" klicke
    Und ich folgendes eingebe:
      | User name | monitor     |
      | Password  | open sesame |
    Und ich "Deutsch" in "Language" auswähle
    Und ich "Remember me" anhake
    Dann sollte das Feld "User name" innerhalb von "form" "monitor" enthalten
    Und sollte die Checkbox "Remember me" angehakt sein
    Wenn ich auf "Log in" drücke
    Dann sollte ich auf /account sein
    Und sollte ich "Welcome, monitor" sehen innerhalb "main"
    Und sollte ich "Wrong" nicht sehen
    Und sollten weniger als 60 Sekunden vergangen sein
    Und sollte ich "Letzte Bestellung" sehen, sonst Warnung
    Wenn ich in jedem Fall auf "Log out" klicke

  Szenariogrundriss: Seiten
    Wenn ich auf "<Seite>" gehe
    Dann sollte ich den Statuscode <Status> bekommen
    Und sollte die Kopfzeile "Content-Type" "text/html" enthalten
    Und I should see "<Text>"

    Beispiele:
      | Seite    | Status | Text                   |
      | /contact | 200    | My PGP key             |
      | /gone    | 404    | There is no such page. |
