# frozen_string_literal: true

module Importers
  module Gatherers
    # Brightwater Water & Sewer: one table of bills behind a plain login.
    class Brightwater < Gatherer
      def gather
        page = follow(link!(login, "Billing history"))
        account = text(at!(page, "#account-number"))
        all!(page, "table#bills tbody tr").map { |row| bill(row, account) }
      end

      private

      def login
        page = get("login")
        form = form!(page, "form#login")
        field!(form, "username").value = username
        field!(form, "password").value = password
        submit(form).tap { |answer| refused!(answer, "We couldn't sign you in") }
      end

      def bill(row, account)
        from, to = period(at!(row, "td.period"), "%b %d, %Y")
        Bill.new(
          account: account,
          period_start: from,
          period_end: to,
          due_date: date(at!(row, "td.due"), "%b %d, %Y"),
          amount: money(at!(row, "td.amount")),
          currency: "USD",
          meter_reading: reading(at!(row, "td.reading")),
          pdf: save_pdf(at!(row, "a.bill-pdf")["href"], as: to.iso8601)
        )
      end
    end
  end
end
