# frozen_string_literal: true

module Importers
  module Gatherers
    # Ostravské vodárny: Czech dates and money.
    class Ostrava < Gatherer
      DAY = "%d. %m. %Y"

      def gather
        page = follow(link!(login, "Přehled faktur"))
        account = text(at!(page, "span#cislo-odberu"))
        all!(page, "table#faktury tr.faktura").map { |row| bill(row, account) }
      end

      private

      def login
        page = get("login")
        form = form!(page, "form#prihlaseni")
        field!(form, "uzivatel").value = username
        field!(form, "heslo").value = password
        submit(form).tap { |answer| refused!(answer, "Neplatné přihlašovací údaje") }
      end

      def bill(row, account)
        from, to = period(at!(row, "td.obdobi"), DAY)
        Bill.new(
          account: account,
          period_start: from,
          period_end: to,
          due_date: date(at!(row, "td.splatnost"), DAY),
          amount: money(at!(row, "td.castka"), decimal: ","),
          currency: "CZK",
          meter_reading: reading(at!(row, "td.stav"), decimal: ","),
          pdf: save_pdf(at!(row, "a.stahnout")["href"], as: to.iso8601)
        )
      end
    end
  end
end
