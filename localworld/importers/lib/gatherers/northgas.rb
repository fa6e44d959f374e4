# frozen_string_literal: true

module Importers
  module Gatherers
    # NorthGas Supply: user name, password and account on a page each; one page a bill.
    class Northgas < Gatherer
      def gather
        list = follow(link!(choose_account(login), "Bills & usage"))
        all!(list, "table.bill-list a.bill-detail").map { |anchor| bill(get(anchor["href"])) }
      end

      private

      def login
        form = form!(get("login"), "form#identify")
        field!(form, "username").value = username
        form = form!(answer(submit(form)), "form#authenticate")
        field!(form, "password").value = password
        answer(submit(form))
      end

      def answer(page)
        page.tap { refused!(page, "We don't recognise those details") }
      end

      def choose_account(page)
        get(at!(page, "ul#accounts a.select-account")["href"])
      end

      def bill(page)
        from, to = period(at!(page, "dl.bill-facts dd.period"), "%d %B %Y")
        Bill.new(
          account: text(at!(page, "dl.bill-facts dd.account")),
          period_start: from,
          period_end: to,
          due_date: date(at!(page, "dl.bill-facts dd.due"), "%d %B %Y"),
          amount: money(at!(page, "dl.bill-facts dd.total")),
          currency: "GBP",
          meter_reading: reading(at!(page, "dl.bill-facts dd.meter")),
          pdf: save_pdf(link!(page, "Download bill (PDF)").href, as: to.iso8601)
        )
      end
    end
  end
end
