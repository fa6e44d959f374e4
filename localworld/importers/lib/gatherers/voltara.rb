# frozen_string_literal: true

module Importers
  module Gatherers
    # Voltara Energy: the account page is an app that reads its bills as JSON.
    class Voltara < Gatherer
      def gather
        app = at!(login, "#billing-app")
        json = get_json(app["data-endpoint"])
        account = dig!(json, "data.account.number")
        dig!(json, "data.bills").map { |bill| bill(bill, account) }
      end

      private

      def login
        page = get("login")
        form = form!(page, "form#signin-form")
        field!(form, "email").value = username
        field!(form, "password").value = password
        submit(form).tap { |answer| refused!(answer, "email or password is incorrect") }
      end

      def bill(item, account)
        to = date(dig!(item, "period.to"), "%Y-%m-%d")
        Bill.new(
          account: account,
          period_start: date(dig!(item, "period.from"), "%Y-%m-%d"),
          period_end: to,
          due_date: date(dig!(item, "due_date"), "%Y-%m-%d"),
          amount: money(dig!(item, "amount_due")),
          currency: "USD",
          meter_reading: [dig!(item, "meter.reading"), dig!(item, "meter.unit")],
          pdf: save_pdf(dig!(item, "document_url"), as: to.iso8601)
        )
      end
    end
  end
end
